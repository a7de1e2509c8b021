import { type Alert, isResolved } from '../../model/alert.ts'
import type { Timestamp } from '../../model/time.ts'

/**
 * What is known of an alert after news of it: its spans become one where they overlap; else the news replace what was known.
 * Source: Alertmanager provider/mem/mem.go, Put.
 */
export function afterNews(known: Alert, news: Alert, now: Timestamp): Alert {
  const endsWithin = news.endsAt > known.startsAt && news.endsAt < known.endsAt
  const startsWithin = news.startsAt > known.startsAt && news.startsAt < known.endsAt
  return endsWithin || startsWithin ? mergeAlerts(known, news, now) : news
}

/**
 * Two stories of one alert as one: the younger one's, with the earlier start; an end that was told goes before one that follows from
 * silence. Source: Alertmanager alert/alert.go, Merge.
 */
export function mergeAlerts(a: Alert, b: Alert, now: Timestamp): Alert {
  const isNewer = b.updatedAt >= a.updatedAt
  const older = isNewer ? a : b
  const younger = isNewer ? b : a
  const outlasts = older.endsAt > younger.endsAt
  const keepsEnd = isResolved(younger, now) ? isResolved(older, now) && outlasts : outlasts && !older.hasTimeout
  return {
    labels: younger.labels,
    annotations: younger.annotations,
    startsAt: Math.min(older.startsAt, younger.startsAt),
    endsAt: keepsEnd ? older.endsAt : younger.endsAt,
    generatorUrl: younger.generatorUrl,
    updatedAt: younger.updatedAt,
    hasTimeout: younger.hasTimeout,
  }
}
