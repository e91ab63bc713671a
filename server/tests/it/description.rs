//! The served API description against the committed one.

use std::path::Path;

#[test]
fn the_committed_description_is_the_served_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let served = serde_json::to_string_pretty(&server::api::openapi::document()).unwrap() + "\n";
    assert!(
        committed == served,
        "docs/openapi.json is not what the server serves: \
         cargo run -p server -- openapi > docs/openapi.json"
    );
}
