//! What the sandbox promises, over real HTTP.
mod call;
mod compare;
mod console;
mod controller;
mod gateway;
mod generations;
mod store;
mod world;
