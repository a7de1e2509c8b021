import { quote } from '../base/go-quote.ts'
import { parseRfc3339 } from '../base/rfc3339.ts'
import { sortStrings } from '../model/labels.ts'
import { goJson } from '../template/go-json.ts'
import { formatGoTime } from '../template/time-layout.ts'
import { GoTime } from '../template/time-value.ts'
import type { ApiAlert, ApiMatcher, ApiSilence, ApiStatus } from './alertmanager-api.ts'
import type { OutputOptions } from './alertmanager-command.ts'

// What an Alertmanager answers, for people and for scripts. Source of the forms: Alertmanager cli/format; Go text/tabwriter.

/** Those that end first come first. */
export function silencesText(silences: readonly ApiSilence[], { format, dateFormat }: OutputOptions): string {
  const sorted = [...silences].sort((a, b) => timeOf(a.endsAt) - timeOf(b.endsAt))
  const date = (text: string) => dateText(text, dateFormat)
  switch (format) {
    case 'json':
      return goJson(sorted.map(silenceJson))
    case 'simple':
      return table([
        ['ID', 'Matchers', 'Ends At', 'Created By', 'Comment'],
        ...sorted.map(({ id, matchers, endsAt, createdBy, comment }) => [
          id,
          matchers.map(matcherText).join(' '),
          date(endsAt),
          createdBy,
          comment,
        ]),
      ])
    case 'extended':
      return table([
        ['ID', 'Matchers', 'Starts At', 'Ends At', 'Updated At', 'Created By', 'Comment'],
        ...sorted.map(({ id, matchers, startsAt, endsAt, updatedAt, createdBy, comment }) => [
          id,
          `{${matchers.map(matcherText).join(',')}}`,
          date(startsAt),
          date(endsAt),
          date(updatedAt),
          createdBy,
          comment,
        ]),
      ])
  }
}

/** Those that began first come first. */
export function alertsText(alerts: readonly ApiAlert[], { format, dateFormat }: OutputOptions): string {
  const sorted = [...alerts].sort((a, b) => timeOf(a.startsAt) - timeOf(b.startsAt))
  const date = (text: string) => dateText(text, dateFormat)
  switch (format) {
    case 'json':
      return goJson(sorted.map(alertJson))
    case 'simple':
      return table([
        ['Alertname', 'Starts At', 'Summary', 'State'],
        ...sorted.map(({ labels, startsAt, annotations, status }) => [
          labels.alertname ?? '',
          date(startsAt),
          annotations.summary ?? '',
          status.state,
        ]),
      ])
    case 'extended':
      return table([
        ['Labels', 'Annotations', 'Starts At', 'Ends At', 'Generator URL', 'State'],
        ...sorted.map(({ labels, annotations, startsAt, endsAt, generatorURL, status }) => [
          pairsText(labels),
          pairsText(annotations),
          date(startsAt),
          date(endsAt),
          generatorURL ?? '',
          status.state,
        ]),
      ])
  }
}

export function clusterText({ status, name = '', peers = [] }: ApiStatus['cluster'], { format }: OutputOptions): string {
  const sorted = [...peers].sort((a, b) => (a.address < b.address ? -1 : 1))
  const width = 'Cluster Status:  '.length
  const head = `${'Cluster Status:'.padEnd(width)}${status}\n${'Node Name:'.padEnd(width)}${name}`
  switch (format) {
    case 'json':
      return goJson({
        name: name === '' ? undefined : name,
        peers: sorted.map(({ address, name }) => ({ address, name })),
        status,
      })
    case 'simple':
      return head
    case 'extended': {
      const addressWidth = Math.max('Address'.length, ...sorted.map(({ address }) => address.length)) + 2
      const rows = [{ address: 'Address', name: 'Name' }, ...sorted]
      return `${head}\n\n${rows.map(({ address, name }) => `${address.padEnd(addressWidth)}${name}`).join('\n')}`
    }
  }
}

const VERSION_FIELDS = ['buildUser', 'goVersion', 'revision', 'version', 'branch', 'buildDate'] as const

export function statusText(status: ApiStatus, { format }: OutputOptions): string {
  const { config, versionInfo, uptime } = status
  switch (format) {
    case 'json':
      return goJson(status)
    case 'simple':
      return config.original
    case 'extended':
      return [config.original, ...VERSION_FIELDS.map((field) => `${field} ${versionInfo[field]}`), `uptime ${uptime}`].join('\n')
  }
}

/** Cells in columns, two spaces apart, the last as well. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => widthOf(row[column]))) + 2)
  return rows.map((row) => row.map((cell, column) => cell + ' '.repeat(widths[column] - widthOf(cell))).join('')).join('\n')
}

/** In characters, as tabwriter counts. */
function widthOf(text: string): number {
  return [...text].length
}

function matcherText({ name, value, isRegex, isEqual = true }: ApiMatcher): string {
  return `${name}${isEqual ? '=' : '!'}${isRegex ? '~' : isEqual ? '' : '='}${quote(value)}`
}

function pairsText(pairs: Readonly<Record<string, string>>): string {
  return sortStrings(Object.entries(pairs).map(([name, value]) => `${name}="${value}"`)).join(' ')
}

function timeOf(text: string): number {
  return parseRfc3339(text) ?? 0
}

/** In the zone of the text. */
function dateText(text: string, layout: string): string {
  const zone = /[+-]\d\d:\d\d$/.exec(text)?.[0] ?? 'UTC'
  return formatGoTime(GoTime.fromMs(timeOf(text), zone), layout)
}

// Scripts read the fields in any order; people compare what two tools print.

function silenceJson({ id, status, updatedAt, annotations, comment, createdBy, endsAt, matchers, startsAt }: ApiSilence): unknown {
  return {
    id,
    status,
    updatedAt,
    annotations: annotations === undefined ? undefined : sortedPairs(annotations),
    comment,
    createdBy,
    endsAt,
    matchers: matchers.map(({ isEqual = true, isRegex, name, value }) => ({ isEqual, isRegex, name, value })),
    startsAt,
  }
}

function alertJson(alert: ApiAlert): unknown {
  const { annotations, endsAt, fingerprint, receivers, startsAt, updatedAt, generatorURL, labels } = alert
  const { inhibitedBy, mutedBy = [], silencedBy, state } = alert.status
  return {
    annotations: sortedPairs(annotations),
    endsAt,
    fingerprint,
    receivers,
    startsAt,
    status: { inhibitedBy, mutedBy, silencedBy, state },
    updatedAt,
    generatorURL: generatorURL === '' ? undefined : generatorURL,
    labels: sortedPairs(labels),
  }
}

function sortedPairs(pairs: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(sortStrings(Object.keys(pairs)).map((name) => [name, pairs[name]]))
}
