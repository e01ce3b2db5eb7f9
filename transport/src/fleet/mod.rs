//! Declared calls, made without Python from their arrival to their row.

pub mod arrival;
pub mod dispatch;
pub mod rows;
pub mod schedule;
pub mod slots;
pub mod timer;
pub mod user_loop;
pub mod users;
