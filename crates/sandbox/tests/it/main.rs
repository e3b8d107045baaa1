//! What the sandbox promises, over real HTTP.
mod call;
mod console;
mod gateway;
mod store;
mod world;
