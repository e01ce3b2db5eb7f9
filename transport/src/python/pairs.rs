//! Metadata between Python's pairs and HTTP/2's headers. No error shows a value: it may be a token.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::wire::binary::{BINARY, decode, encode};

/// Read the pairs of a call's metadata; None is no metadata.
pub fn headers(metadata: Option<&Bound<'_, PyAny>>) -> PyResult<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(12);
    let Some(metadata) = metadata else { return Ok(headers) };
    for pair in metadata.try_iter()? {
        let pair = pair?;
        let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = (pair.get_item(0)?, pair.get_item(1)?);
        let key = key.cast::<PyString>().map_err(|_| PyTypeError::new_err("a metadata key is no str"))?;
        let key = key.to_str()?;
        let (name, value) = header(key, &value)?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn header(key: &str, value: &Bound<'_, PyAny>) -> PyResult<(HeaderName, HeaderValue)> {
    let illegal = || PyValueError::new_err(format!("metadata was invalid: key {key:?}, or its value"));
    let known = !key.is_empty() && !key.starts_with(':') && key.bytes().all(is_of_key);
    let name = known.then(|| HeaderName::from_bytes(key.as_bytes()).ok()).flatten().ok_or_else(illegal)?;
    let raw: &[u8] = match value.cast::<PyString>() {
        Ok(text) => text.to_str().map_err(|_| illegal())?.as_bytes(),
        Err(_) => value.cast::<PyBytes>().map_err(|_| illegal())?.as_bytes(),
    };
    let value = if key.ends_with(BINARY) {
        HeaderValue::from_str(&encode(raw)).map_err(|_| illegal())?
    } else if raw.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
        HeaderValue::from_bytes(raw).map_err(|_| illegal())?
    } else {
        return Err(illegal());
    };
    Ok((name, value))
}

fn is_of_key(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.')
}

/// Return headers as Python's pairs: text, or bytes where the key says so.
pub fn pairs<'py>(py: Python<'py>, headers: &HeaderMap) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (name, value) in headers {
        if is_of_transport(name.as_str()) {
            continue;
        }
        let name = name.as_str();
        if name.ends_with(BINARY) {
            for part in value.as_bytes().split(|byte| *byte == b',') {
                let decoded = decode(part).unwrap_or_default();
                list.append(PyTuple::new(
                    py,
                    [PyString::new(py, name).into_any(), PyBytes::new(py, &decoded).into_any()],
                )?)?;
            }
        } else {
            let text = String::from_utf8_lossy(value.as_bytes());
            list.append((name, text))?;
        }
    }
    Ok(list)
}

/// Tell whether a header is the transport's own, which grpcio does not show either.
fn is_of_transport(name: &str) -> bool {
    matches!(name, "grpc-status" | "grpc-message" | "grpc-encoding" | "grpc-accept-encoding" | "content-type" | "te")
}
