//! The console: state in `app`, its picture in `view`, the world outside in `runtime` and `terminal`.

pub mod app;
mod documents;
pub mod keymap;
pub mod layout;
pub mod text;
pub mod theme;
pub mod view;
