import type { Answer } from '../../base/http-answer.ts'
import type { RouteRequest } from '../../base/http-routes.ts'
import { compareStrings } from '../../model/labels.ts'
import type { AlertmanagerStatusJson } from '../types/alertmanager.ts'
import { labelsJson, timeText } from './alert-json.ts'
import { jsonAnswer } from './answers.ts'
import type { AlertmanagerApiDeps } from './deps.ts'
import { receiverFilter } from './filters.ts'

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
export function getReceivers(deps: AlertmanagerApiDeps, { query }: RouteRequest): Answer {
  const { byLabels } = receiverFilter(deps, query)
  const found = [...deps.manager.settings.receiverLabels].filter(([name]) => byLabels(name))
  return jsonAnswer(found.map(([name, labels]) => ({ labels: labelsJson(labels), name })))
}
