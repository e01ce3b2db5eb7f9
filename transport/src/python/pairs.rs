//! Metadata as Python has it: pairs of a key and text or bytes. No error shows a value: it may be a token.

use http::HeaderMap;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::wire::metadata::{binary_values, header, is_binary, is_reserved};

/// Return the headers of a call's metadata; None is no metadata.
pub fn to_headers(metadata: Option<&Bound<'_, PyAny>>) -> PyResult<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(12);
    let Some(metadata) = metadata else { return Ok(headers) };
    for pair in metadata.try_iter()? {
        let pair = pair?;
        let (key, value) = (pair.get_item(0)?, pair.get_item(1)?);
        let key = key.cast::<PyString>().map_err(|_| PyTypeError::new_err("a metadata key is no str"))?.to_str()?;
        let header = raw(&value).and_then(|value| header(key, value));
        let (name, value) =
            header.ok_or_else(|| PyValueError::new_err(format!("metadata was invalid: key {key:?}, or its value")))?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn raw<'a>(value: &'a Bound<'_, PyAny>) -> Option<&'a [u8]> {
    match value.cast::<PyString>() {
        Ok(text) => text.to_str().ok().map(str::as_bytes),
        Err(_) => value.cast::<PyBytes>().ok().map(PyBytesMethods::as_bytes),
    }
}

/// Return headers as pairs; the transport's own are left out.
pub fn from_headers<'py>(py: Python<'py>, headers: &HeaderMap) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (name, value) in headers {
        let name = name.as_str();
        if is_reserved(name) {
            continue;
        }
        if is_binary(name) {
            for bytes in binary_values(value) {
                let bytes = PyBytes::new(py, &bytes.unwrap_or_default()).into_any();
                list.append(PyTuple::new(py, [PyString::new(py, name).into_any(), bytes])?)?;
            }
        } else {
            list.append((name, String::from_utf8_lossy(value.as_bytes())))?;
        }
    }
    Ok(list)
}
