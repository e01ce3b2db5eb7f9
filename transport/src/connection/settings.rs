//! Settings of a channel, by grpc's names of channel arguments. What is not supported is refused by name.

use std::time::Duration;

use crate::wire::framing::Encoding;

/// grpc's own hard limit of a header block.
const MAX_METADATA: u32 = 16 << 10;

/// A channel argument's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Number(i64),
    Text(String),
}

/// When a silent connection is pinged, and how long the answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    pub every: Duration,
    pub timeout: Duration,
    pub without_calls: bool,
}

/// What a channel does; the defaults are grpc's.
#[derive(Clone, Debug)]
pub struct Settings {
    pub first_backoff: Duration,
    pub max_backoff: Duration,
    /// An attempt to connect has at least this long.
    pub min_attempt: Duration,
    pub keepalive: Option<Keepalive>,
    pub max_send: Option<usize>,
    pub max_receive: Option<usize>,
    /// The most bytes of a header block that are taken.
    pub max_metadata: u32,
    pub authority: Option<String>,
    pub server_name: Option<String>,
    pub wait_for_ready: bool,
    pub user_agent: String,
    pub encoding: Encoding,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            first_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(120),
            min_attempt: Duration::from_secs(20),
            keepalive: None,
            max_send: None,
            max_receive: Some(4 << 20),
            max_metadata: MAX_METADATA,
            authority: None,
            server_name: None,
            wait_for_ready: false,
            user_agent: concat!("grpc-jwtstorm/", env!("CARGO_PKG_VERSION")).into(),
            encoding: Encoding::Identity,
        }
    }
}

impl Settings {
    /// Return the settings that channel arguments ask for; an error names the one that is not supported.
    pub fn from_arguments(options: &[(String, Value)]) -> Result<Self, String> {
        let mut settings = Self::default();
        let mut keepalive = KeepaliveArguments::default();
        for (name, value) in options {
            if !keepalive.take(name, value) {
                settings.take(name, value)?;
            }
        }
        settings.keepalive = keepalive.settled();
        Ok(settings)
    }

    fn take(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match (name, value) {
            ("grpc.initial_reconnect_backoff_ms", Value::Number(ms)) => self.first_backoff = millis(*ms),
            ("grpc.min_reconnect_backoff_ms", Value::Number(ms)) => self.min_attempt = millis(*ms),
            ("grpc.max_reconnect_backoff_ms", Value::Number(ms)) => self.max_backoff = millis(*ms),
            ("grpc.max_send_message_length", Value::Number(bytes)) => self.max_send = usize::try_from(*bytes).ok(),
            ("grpc.max_receive_message_length", Value::Number(bytes)) => {
                self.max_receive = usize::try_from(*bytes).ok();
            }
            ("grpc.max_metadata_size" | "grpc.absolute_max_metadata_size", Value::Number(bytes)) => {
                self.max_metadata = u32::try_from(*bytes).unwrap_or(u32::MAX);
            }
            ("grpc.ssl_target_name_override", Value::Text(host)) => self.server_name = Some(host.clone()),
            ("grpc.default_authority", Value::Text(authority)) => self.authority = Some(authority.clone()),
            ("grpc.primary_user_agent", Value::Text(agent)) => {
                self.user_agent = format!("{agent} {}", self.user_agent);
            }
            ("grpc.service_config", Value::Text(config)) => self.take_service_config(config)?,
            // Every channel has a connection of its own, pings never wait for data, and there are no retries but those
            // of a policy, which is refused itself.
            (
                "grpc.use_local_subchannel_pool" | "grpc.http2.max_pings_without_data" | "grpc.enable_retries",
                Value::Number(_),
            ) => {}
            _ => return Err(format!("channel argument {name}={value:?} is not supported")),
        }
        Ok(())
    }

    fn take_service_config(&mut self, config: &str) -> Result<(), String> {
        let parsed: serde_json::Value =
            serde_json::from_str(config).map_err(|error| format!("grpc.service_config is no JSON: {error}"))?;
        for method in parsed["methodConfig"].as_array().into_iter().flatten() {
            let settings = method.as_object().ok_or("grpc.service_config: methodConfig holds no object")?;
            for (name, value) in settings {
                match name.as_str() {
                    "waitForReady" => self.wait_for_ready = value.as_bool().unwrap_or(false),
                    "name" if is_for_all(value) => {}
                    _ => return Err(format!("grpc.service_config: {name} is not supported")),
                }
            }
        }
        Ok(())
    }
}

fn is_for_all(names: &serde_json::Value) -> bool {
    names
        .as_array()
        .is_some_and(|names| names.iter().all(|name| name.as_object().is_some_and(serde_json::Map::is_empty)))
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(ms.max(0).unsigned_abs())
}

#[derive(Default)]
struct KeepaliveArguments {
    every: Option<i64>,
    timeout: Option<i64>,
    without_calls: bool,
}

impl KeepaliveArguments {
    fn take(&mut self, name: &str, value: &Value) -> bool {
        let Value::Number(number) = value else { return false };
        match name {
            "grpc.keepalive_time_ms" => self.every = Some(*number),
            "grpc.keepalive_timeout_ms" | "grpc.http2.ping_timeout_ms" => self.timeout = Some(*number),
            "grpc.keepalive_permit_without_calls" => self.without_calls = *number != 0,
            _ => return false,
        }
        true
    }

    fn settled(&self) -> Option<Keepalive> {
        let every = self.every.filter(|ms| *ms < i64::from(i32::MAX))?;
        let timeout = millis(self.timeout.unwrap_or(20_000));
        Some(Keepalive { every: millis(every), timeout, without_calls: self.without_calls })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: Value) -> Result<Settings, String> {
        Settings::from_arguments(&[(name.into(), value)])
    }

    #[test]
    fn an_unknown_argument_is_refused_by_name() {
        let error = of("grpc.lb_policy_name", Value::Text("rr".into())).unwrap_err();
        assert!(error.contains("grpc.lb_policy_name"));
        assert!(of("grpc.max_send_message_length", Value::Text("4".into())).is_err());
    }

    #[test]
    fn a_service_config_may_ask_to_wait_and_for_nothing_else() {
        let waits = r#"{"methodConfig": [{"name": [{}], "waitForReady": true}]}"#;
        assert!(of("grpc.service_config", Value::Text(waits.into())).unwrap().wait_for_ready);
        let retries = r#"{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3}}]}"#;
        assert!(of("grpc.service_config", Value::Text(retries.into())).unwrap_err().contains("retryPolicy"));
        let for_one_service = r#"{"methodConfig": [{"name": [{"service": "a.B"}], "waitForReady": true}]}"#;
        assert!(of("grpc.service_config", Value::Text(for_one_service.into())).is_err());
    }

    #[test]
    fn keepalive_begins_with_its_time() {
        assert_eq!(of("grpc.keepalive_timeout_ms", Value::Number(5)).unwrap().keepalive, None);
        let keepalive = of("grpc.keepalive_time_ms", Value::Number(1000)).unwrap().keepalive.unwrap();
        assert_eq!((keepalive.every, keepalive.timeout), (Duration::from_secs(1), Duration::from_secs(20)));
    }
}
