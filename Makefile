# The two commands of the README are `make run` and `make test`; the rest serves them.
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/end2end/node_modules/.bin:$(PATH)
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SITE_SOURCES := $(shell find app frontend crates/domain style public -type f) Cargo.toml Cargo.lock
NATIVE := --workspace --exclude frontend

.PHONY: help
help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

.PHONY: run
run: target/site.made ## build what is needed, start agm with its sandbox
	@echo "== building the server (first time about 4 minutes)"
	cargo build --package server
	target/debug/agm serve --sandbox

.PHONY: test
test: ## everything: format, lints, licences, unit, HTTP, MinIO and browser tests
	tools/test

.PHONY: bench
bench: target/site.made ## the figures of speed and size, as ratios in one run
	tools/bench

.PHONY: release
release: ## what is shipped, in target/dist: static programs with the site inside, checksums, what is in them
	tools/release

.PHONY: reference
reference: ## docs/configuration.md and the skill's reference of the API, from the code
	cargo build --quiet --package server
	target/debug/agm config > target/reference.md && mv target/reference.md docs/configuration.md
	target/debug/agm api-reference > target/reference.md && mv target/reference.md skill/references/api-reference.md

.PHONY: screenshots
screenshots: target/site.made ## the pictures of the documentation
	tools/need node-packages chromium
	cargo build --package server
	node end2end/screenshots.mjs docs

.PHONY: site
site: target/site.made ## the web client: WebAssembly, style, fonts; compressed, with hashed names

target/site.made: $(SITE_SOURCES)
	tools/need rust cargo-leptos wasm-bindgen node-packages
	@echo "== building the web client (first time about 4 minutes, then 1)"
	mkdir -p target/style
	cat style/*.css > target/style/agm.css
	cargo leptos build --release --frontend-only --precompress --split
	cp target/release/hash.txt target/site/
	touch $@

.PHONY: fmt
fmt: ## format the code
	cargo fmt --all

.PHONY: clean
clean: ## forget everything that was built, but not the tools
	rm -rf target end2end/test-results end2end/screenshots
