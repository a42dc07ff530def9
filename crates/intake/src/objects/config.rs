//! ConfigMaps, Secrets, service accounts: names and keys, never values.

use super::meta::{Make, Metadata, Named};
use super::wire::{Keys, Map, Str, wire};
use crate::{address, routes};
use engine::Text;
use engine::evidence::{Config, ServiceAccount};

wire! {
    /// `v1.ConfigMap`.
    struct MapObject {
        metadata: Metadata<'a> = "metadata",
        data: Map<'a, Str<'a>> = "data",
        binary: Keys<'a> = "binaryData",
    }
    /// `v1.Secret`. Its values do not leave the parser.
    struct SecretObject {
        metadata: Metadata<'a> = "metadata",
        data: Keys<'a> = "data",
        plain: Keys<'a> = "stringData",
        kind: Str<'a> = "type",
    }
    /// `v1.ServiceAccount`.
    struct AccountObject {
        metadata: Metadata<'a> = "metadata",
        pull_secrets: Vec<Named<'a>> = "imagePullSecrets",
    }
}

/// Most addresses that are kept of one ConfigMap.
const MOST_ADDRESSES: usize = 256;
/// Most routes that are kept of one ConfigMap.
const MOST_ROUTES: usize = 512;

impl Make<'_> {
    pub(super) fn config_map(&self, wire: &MapObject<'_>) -> Config {
        let mut config = Config::default();
        let mut keys: Vec<Text> = Vec::new();
        for (key, value) in wire.data.iter().flatten() {
            keys.push(self.text(key));
            let found = address::of(value).map_or_else(|| address::within(value), |one| vec![one]);
            config.addresses.extend(found.into_iter().map(|address| (self.text(key), address)));
            config.routes.extend(routes::within(value));
        }
        config.routes.sort();
        config.routes.dedup();
        config.routes.truncate(MOST_ROUTES);
        config.addresses.sort();
        config.addresses.dedup();
        config.addresses.truncate(MOST_ADDRESSES);
        config.addresses.shrink_to_fit();
        keys.extend(self.keys_of(&wire.binary));
        config.keys = Some(sorted(keys));
        config
    }

    pub(super) fn secret_object(&self, wire: &SecretObject<'_>) -> Config {
        let keys = self.keys_of(&wire.data).chain(self.keys_of(&wire.plain)).collect();
        Config {
            keys: Some(sorted(keys)),
            kind: Some(self.some(&wire.kind).unwrap_or_else(|| self.text("Opaque"))),
            addresses: Vec::new(),
            routes: Vec::new(),
        }
    }

    fn keys_of(&self, keys: &Option<Keys<'_>>) -> impl Iterator<Item = Text> {
        keys.iter().flat_map(|keys| &keys.0).map(|key| self.text(key))
    }

    pub(super) fn account(&self, wire: &AccountObject<'_>) -> ServiceAccount {
        ServiceAccount { pull_secrets: Some(self.names(&wire.pull_secrets).unwrap_or_default()) }
    }
}

fn sorted(mut keys: Vec<Text>) -> Vec<Text> {
    keys.sort();
    keys.dedup();
    keys.shrink_to_fit();
    keys
}
