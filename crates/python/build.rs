//! How an extension of Python is linked, where the system's linker has to be told.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
