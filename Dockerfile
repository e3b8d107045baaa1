# syntax=docker/dockerfile:1
# The image holds the program, the certificates of public authorities, and an empty folder for the data. No shell, no libraries.

# Cross-compiles, so it runs on the machine's own processor whatever the image is for.
FROM --platform=$BUILDPLATFORM rust:1.95.0-trixie AS build
ARG TARGETARCH
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates nodejs npm python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN case "$TARGETARCH" in amd64) cpu=x86_64 ;; arm64) cpu=aarch64 ;; *) exit 1 ;; esac \
    && tools/release "$cpu-unknown-linux-musl" \
    && install -D "target/$cpu-unknown-linux-musl/shipped/agm" /image/opt/agm/agm \
    && install -D /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && install -d -o 65532 -g 65532 -m 700 /image/data

FROM scratch
COPY --from=build /image /
USER 65532:65532
ENV AGM_ADDR=0.0.0.0:18080 AGM_DATA_DIR=/data
VOLUME /data
EXPOSE 18080
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["/opt/agm/agm", "healthcheck"]
ENTRYPOINT ["/opt/agm/agm"]
CMD ["serve"]
