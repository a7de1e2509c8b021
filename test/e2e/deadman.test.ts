import { test } from 'node:test'
import { outliveAlertmanager } from '../support/deadman-run.ts'

test('a Watchdog is heard, a drill goes through, and the death of the Alertmanager is told', () => outliveAlertmanager('ours'))
