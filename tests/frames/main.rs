//! What the console looks like, screen by screen: states made by messages alone, drawn, and compared
//! with what is committed, text and styles both.

mod dump;
mod pictures;
mod pretend;
mod properties;
mod screens;
