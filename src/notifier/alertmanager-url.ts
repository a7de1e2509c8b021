import { posix } from 'node:path'
import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { escapeHost, escapePath } from '../base/url-escape.ts'
import { type Labels, LabelsBuilder } from '../model/labels.ts'
import { relabel } from '../model/relabel.ts'
import type { AlertmanagerConfig } from './alerting-config.ts'

const ADDRESS = '__address__'
const SCHEME = '__scheme__'
const ALERTS_PATH = '__alerts_path__'

/** Where an Alertmanager that was found takes alerts; relabeling may drop it. */
export interface FoundAlertmanager {
  readonly url: string
  readonly isDropped: boolean
}

type AddressConfig = Pick<AlertmanagerConfig, 'scheme' | 'pathPrefix' | 'relabelConfigs'>

/**
 * From the labels of a target and its group to a URL. What the group says of scheme and path goes before the configuration.
 * Throws `bad_data`. Source: Prometheus notifier/alertmanager.go, AlertmanagerFromGroup.
 */
export function alertmanagerUrl(own: Labels, group: Labels, { scheme, pathPrefix, relabelConfigs }: AddressConfig): FoundAlertmanager {
  const builder = new LabelsBuilder(own).set(SCHEME, scheme).set(ALERTS_PATH, posix.join('/', pathPrefix, '/api/v2/alerts'))
  for (const [name, value] of group) if (own.get(name) === '') builder.set(name, value)
  const before = builder.labels()
  const after = relabel(before, relabelConfigs)
  if (after === null) return { url: urlOf(before), isDropped: true }
  const address = after.get(ADDRESS)
  if (address === '') throw new CodedError('bad_data', 'no address')
  if (address.includes('/')) throw new CodedError('bad_data', `${quote(address)} is not a valid hostname`)
  return { url: urlOf(after), isDropped: false }
}

function urlOf(labels: Labels): string {
  const path = escapePath(labels.get(ALERTS_PATH))
  return `${labels.get(SCHEME)}://${escapeHost(labels.get(ADDRESS))}${path.replace(/^(?=[^/])/, '/')}`
}
