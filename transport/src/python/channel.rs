//! Channels, as Python has them.

use std::future::poll_fn;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::call::control::Control;
use crate::connection::address::Address;
use crate::connection::channel::{self, OpenChannel};
use crate::connection::settings::{Settings, Value};
use crate::connection::tls::Tls;
use crate::python::completions::Event;
use crate::python::hub::{Hub, engine};
use crate::python::method::Method;
use crate::python::to_python::Shape;
use crate::wire::framing::Encoding;

/// A channel to one address, with a connection of its own.
#[pyclass(frozen)]
pub struct Channel {
    pub open: Arc<OpenChannel>,
}

#[pymethods]
impl Channel {
    /// Open a channel; `tls` is (roots, key, chain), each a PEM or None. Raises `ValueError` for what is not supported.
    #[new]
    #[allow(clippy::needless_pass_by_value)]
    fn new(
        address: &str,
        options: Vec<(String, Bound<'_, PyAny>)>,
        compression: u8,
        tls: Option<Pems>,
    ) -> PyResult<Self> {
        let options =
            options.into_iter().map(|(name, value)| Ok((name, argument(&value)?))).collect::<PyResult<Vec<_>>>()?;
        let channel = new_channel(address, &options, compression, tls).map_err(PyValueError::new_err)?;
        engine()?.spawn(Arc::clone(&channel).drive());
        Ok(Self { open: Arc::new(OpenChannel { channel }) })
    }

    /// Return a method of the channel, `/package.Service/Method`.
    fn method(&self, path: &str) -> PyResult<Method> {
        let uri = self.open.channel.uri(path).map_err(PyValueError::new_err)?;
        Ok(Method::new(Arc::clone(&self.open), uri))
    }

    /// Tell of the channel's states, from the present one on, until the key is left or the channel closed.
    fn watch(&self, hub: &Hub, target: Py<PyAny>) -> u64 {
        let control = Arc::new(Control::default());
        let key = hub.wait(target, &control, Shape::Stream);
        let (completions, mut states) = (Arc::clone(&hub.completions), self.open.channel.watch());
        let mut number = states.borrow_and_update().number();
        hub.engine.spawn(async move {
            loop {
                completions.push(key, Event::State(number));
                tokio::select! {
                    changed = states.changed() => if changed.is_err() { return },
                    () = poll_fn(|cx| control.poll_cancelled(cx)) => return,
                }
                number = states.borrow_and_update().number();
            }
        });
        key
    }

    /// Ask for a connection.
    fn connect(&self) {
        self.open.channel.want();
    }

    /// End the channel and every call on it.
    fn close(&self) {
        self.open.channel.close();
    }
}

/// Roots, key and chain.
type Pems = (Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);

fn new_channel(
    address: &str,
    options: &[(String, Value)],
    compression: u8,
    tls: Option<Pems>,
) -> Result<Arc<channel::Channel>, String> {
    let mut settings = Settings::from_arguments(options)?;
    settings.encoding =
        Encoding::from_number(compression).ok_or_else(|| format!("compression {compression} is not known"))?;
    let address = Address::parse(address)?;
    let tls = match tls {
        None => None,
        Some((roots, key, chain)) => {
            let name = settings.server_name.clone().unwrap_or_else(|| address.host());
            Some(Tls::new(roots.as_deref(), key.as_deref(), chain.as_deref(), &name)?)
        }
    };
    channel::Channel::new(address, tls, settings)
}

/// Return the value of a channel argument.
fn argument(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(number) = value.extract::<i64>() {
        return Ok(Value::Number(number));
    }
    Ok(Value::Text(value.extract()?))
}
