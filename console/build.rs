//! A new file below `web/` or `pages/` is built in without a change to the code.

fn main() {
    println!("cargo:rerun-if-changed=web");
    println!("cargo:rerun-if-changed=pages");
}
