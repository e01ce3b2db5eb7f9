//! Declared calls, made without Python from their arrival to their row.

pub mod dispatch;
pub mod rows;
pub mod slots;
pub mod timer;
pub mod user_loop;
pub mod users;
