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
export function filterOf({ matcherMode, env }: AlertmanagerApiDeps, query: FormValues): readonly LabelMatcher[] {
  return query.all('filter').map((text) => {
    try {
      return parseMatcher(text, matcherMode, (message) => env.log.warn('matcher', { reason: message }))
    } catch (error) {
      throw new ParameterError(errorMessage(error))
    }
  })
}

/** What `receiver` says of receivers' names; undefined: it is not given. */
export function receiverFilter(query: FormValues): ((name: string) => boolean) | undefined {
  const text = query.get('receiver')
  if (text === '') return undefined
  try {
    const regex = compileSearchRegex(`^(?:${text})$`)
    return (name) => regex.test(name)
  } catch (error) {
    throw new ParameterError(`failed to parse receiver param: ${errorMessage(error)}`)
  }
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
