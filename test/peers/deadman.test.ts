import { test } from 'node:test'
import { outliveAlertmanager } from '../support/deadman-run.ts'
import { peer } from '../support/peers.ts'

for (const name of ['alertmanager 0.25', 'alertmanager 0.33'] as const) {
  test(`the Watchdog and the drills of an Alertmanager of upstream, and its death: ${name}`, async (t) => {
    const command = peer(t, name)
    if (command !== undefined) await outliveAlertmanager(command)
  })
}
