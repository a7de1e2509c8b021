import type { LabelMatcher } from '../../alertmanager/label-matcher.ts'
import { parseMatcher } from '../../alertmanager/matchers/parse-matchers.ts'
import { errorMessage } from '../../base/errors.ts'
import type { FormValues } from '../../base/form-values.ts'
import type { Labels } from '../../model/labels.ts'
import { compileSearchRegex } from '../../model/regex.ts'
import type { AlertmanagerApiDeps } from './deps.ts'

/** Wrong parameters, answered 400 with a text. */
export class ParameterError extends Error {}

/** The conditions of `filter`, which may be given several times. */
export function filterOf(deps: AlertmanagerApiDeps, query: FormValues): readonly LabelMatcher[] {
  return matchersOf(deps, query.all('filter'), '')
}

/** What is asked of the receivers of an alert: several together are to be met, not necessarily by the same one. */
export interface ReceiverFilter {
  /** By `receiver`. */
  byName(name: string): boolean
  /** By `receiver_matchers`, which may be given several times: conditions on a receiver's labels. Source: Alertmanager 0.33, OpenAPI. */
  byLabels(name: string): boolean
}

export function receiverFilter(deps: AlertmanagerApiDeps, query: FormValues): ReceiverFilter {
  const labels = deps.manager.settings.receiverLabels
  const matchers = matchersOf(deps, query.all('receiver_matchers'), 'failed to parse receiver_matchers param: ')
  return {
    byName: nameFilter(query.get('receiver')),
    byLabels: (name) => matchers.every((matcher) => matcher.matches(labels.get(name)?.get(matcher.name) ?? '')),
  }
}

function nameFilter(text: string): (name: string) => boolean {
  if (text === '') return () => true
  try {
    const regex = compileSearchRegex(`^(?:${text})$`)
    return (name) => regex.test(name)
  } catch (error) {
    throw new ParameterError(`failed to parse receiver param: ${errorMessage(error)}`)
  }
}

function matchersOf({ matcherMode, env }: AlertmanagerApiDeps, texts: readonly string[], doing: string): readonly LabelMatcher[] {
  return texts.map((text) => {
    try {
      return parseMatcher(text, matcherMode, (message) => env.log.warn('matcher', { reason: message }))
    } catch (error) {
      throw new ParameterError(`${doing}${errorMessage(error)}`)
    }
  })
}

const TRUE = new Set(['true', '1', 'yes', 'ok', 'y', 'on', 'selected', 'checked', 't', 'enabled'])

/** A switch that is on where it is not given; what is no word for that turns it off. Source: go-openapi/swag, ConvertBool. */
export function switchOf(query: FormValues, name: string): boolean {
  const text = query.get(name)
  if (text === '') return true
  return TRUE.has(text.toLowerCase())
}

/** As alerts are filtered: an empty value asks whether the label is there. Source: Alertmanager api/v2/api.go, matchFilterLabels. */
export function meetsFilter(matchers: readonly LabelMatcher[], labels: Labels): boolean {
  return matchers.every((matcher) => {
    const isThere = labels.has(matcher.name)
    if (matcher.value === '' && isThere !== matcher.isEqual) return true
    return matcher.matches(labels.get(matcher.name))
  })
}
