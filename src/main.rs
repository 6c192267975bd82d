//! The program: command line in, console or command out.

fn main() {}
