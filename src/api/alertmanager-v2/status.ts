import type { Answer } from '../../base/http-answer.ts'
import { compareStrings } from '../../model/labels.ts'
import type { AlertmanagerStatusJson } from '../types/alertmanager.ts'
import { timeText } from './alert-json.ts'
import { jsonAnswer } from './answers.ts'
import type { AlertmanagerApiDeps } from './deps.ts'

/** GET /api/v2/status. */
export function getStatus({ cluster, config, startTime, build }: AlertmanagerApiDeps): Answer {
  const { status, name, peers } = cluster.status()
  const sorted = [...peers].sort((a, b) => compareStrings(a.name, b.name)).map(({ name, address }) => ({ address, name }))
  const { branch, buildDate, buildUser, goVersion, revision, version } = build
  const body: AlertmanagerStatusJson = {
    cluster: { ...(status === 'disabled' ? {} : { name }), peers: sorted, status },
    config: { original: config() },
    uptime: timeText(startTime),
    versionInfo: { branch, buildDate, buildUser, goVersion, revision, version },
  }
  return jsonAnswer(body)
}

/** GET /api/v2/receivers. */
export function getReceivers({ manager }: AlertmanagerApiDeps): Answer {
  return jsonAnswer([...manager.settings.receivers.keys()].map((name) => ({ labels: { name }, name })))
}
