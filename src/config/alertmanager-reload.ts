import { createHash } from 'node:crypto'
import { Gauge } from 'prom-client'
import type { Env } from '../base/env.ts'
import { type AlertmanagerLoadOptions, type LoadedAlertmanagerConfig, loadAlertmanagerConfig } from './alertmanager.ts'
import { HeldConfig } from './held-config.ts'

/** Of the configuration that an Alertmanager goes by. `apply` may refuse one. Source of the metrics: Alertmanager config/coordinator.go. */
export function alertmanagerReloader(
  env: Env,
  file: string,
  options: AlertmanagerLoadOptions,
  apply: (loaded: LoadedAlertmanagerConfig) => Promise<void>,
): HeldConfig<LoadedAlertmanagerConfig> {
  const hash = new Gauge({
    name: 'alertmanager_config_hash',
    help: 'Hash of the currently loaded alertmanager configuration. Note that this is not a cryptographically strong hash.',
    registers: [env.metrics],
  })
  return new HeldConfig({
    env,
    file,
    load: () => loadAlertmanagerConfig(env, file, options),
    async apply(loaded) {
      await apply(loaded)
      hash.set(hashValue(loaded.text))
    },
    successful: {
      name: 'alertmanager_config_last_reload_successful',
      help: 'Whether the last configuration reload attempt was successful.',
    },
    successTime: {
      name: 'alertmanager_config_last_reload_success_timestamp_seconds',
      help: 'Timestamp of the last successful configuration reload.',
    },
  })
}

/** Six bytes of the MD5, which a float holds. Source: Alertmanager config/coordinator.go, md5HashAsMetricValue. */
function hashValue(text: string): number {
  return createHash('md5').update(text).digest().readUIntLE(0, 6)
}
