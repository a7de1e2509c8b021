import type { Answer } from '../../base/http-answer.ts'
import type { RouteRequest } from '../../base/http-routes.ts'
import { parseRfc3339 } from '../../base/rfc3339.ts'
import type { NotificationJson } from '../types/alertmanager.ts'
import { timeText } from './alert-json.ts'
import { jsonAnswer } from './answers.ts'
import type { AlertmanagerApiDeps } from './deps.ts'
import { ParameterError } from './filters.ts'

const LIMIT_DEFAULT = 100
const LIMIT_MAX = 10_000

/**
 * GET /api/v2/promontory/notifications: the last notifications of this member, the newest first. `receiver`, `group`, `outcome`, `since`,
 * `until` (RFC 3339) and `limit` choose among them.
 */
export function getNotifications({ manager }: AlertmanagerApiDeps, { query }: RouteRequest): Answer {
  const given = (name: string) => query.get(name) || undefined
  const limit = Number(given('limit') ?? LIMIT_DEFAULT)
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    throw new ParameterError(`limit: found ${JSON.stringify(query.get('limit'))}, want a whole number from 1 to ${LIMIT_MAX}`)
  }
  const outcome = given('outcome')
  if (outcome !== undefined && outcome !== 'delivered' && outcome !== 'failed') {
    throw new ParameterError(`outcome: found ${JSON.stringify(outcome)}, want delivered or failed`)
  }
  const found = manager.history.find({
    receiver: given('receiver'),
    groupKey: given('group'),
    outcome,
    since: timeOf('since', given('since')),
    until: timeOf('until', given('until')),
    limit,
  })
  return jsonAnswer(found.map((record): NotificationJson => ({ ...record, time: timeText(record.time) })))
}

function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = parseRfc3339(text)
  if (time === undefined) throw new ParameterError(`${name}: found ${JSON.stringify(text)}, want a time such as 2026-01-02T03:04:05Z`)
  return time
}
