//! The extension module, `jwtstorm_transport._native`: what Python finds in it.

use pyo3::prelude::*;

use crate::fleet::rows;
use crate::python::channel::Channel;
use crate::python::fleet::Fleet;
use crate::python::hub::{Hub, stop};
use crate::python::method::Method;
use crate::python::stream::Stream;
use crate::python::to_python::Refused;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Hub>()?;
    module.add_class::<Channel>()?;
    module.add_class::<Method>()?;
    module.add_class::<Stream>()?;
    module.add_class::<Fleet>()?;
    module.add("Refused", module.py().get_type::<Refused>())?;
    module.add("ROW_SCHEMA", rows::SCHEMA)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(stop, module)?)
}
