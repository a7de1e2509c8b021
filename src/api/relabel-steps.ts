import type { CodedError } from '../base/errors.ts'
import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { Labels } from '../model/labels.ts'
import { type RelabelConfig, relabel } from '../model/relabel.ts'
import type { ApiDeps } from './deps.ts'
import { badData } from './failure.ts'
import { dataAnswer } from './json/envelope.ts'
import type { RelabelRuleJson, RelabelStepJson, RelabelStepsData } from './types/relabel-steps.ts'
import type { ConfigData } from './types/status.ts'

/** /api/v1/targets/relabel_steps: what each rule of a scrape pool makes of labels. */
export function relabelSteps({ targets }: ApiDeps, { form }: RouteRequest): Answer {
  const pool = scrapePoolOf(form.get('scrapePool'))
  const text = form.get('labels')
  if (text === '') throw badData('no labels parameter provided')
  const rules = targets.relabelConfigs(pool)
  if (rules === undefined) throw unknownPool(pool)
  let labels: Labels | null = labelsOf(text)
  const steps: RelabelStepJson[] = []
  for (const rule of rules) {
    labels = labels === null ? null : relabel(labels, [rule])
    steps.push({ rule: ruleJson(rule), output: labels === null ? {} : labels.toObject(), keep: labels !== null })
  }
  const data: RelabelStepsData = { steps }
  return dataAnswer(data)
}

/** /api/v1/scrape_pools/config: the configuration of one scrape pool. */
export function scrapePoolConfig(deps: ApiDeps, { form }: RouteRequest): Answer {
  const pool = scrapePoolOf(form.get('scrapePool'))
  const yaml = deps.scrapePoolConfig(pool)
  if (yaml === undefined) throw unknownPool(pool)
  const data: ConfigData = { yaml }
  return dataAnswer(data)
}

function scrapePoolOf(text: string): string {
  if (text === '') throw badData('no scrapePool parameter provided')
  return text
}

function unknownPool(pool: string): CodedError {
  return badData(`error retrieving scrape config: scrape pool ${JSON.stringify(pool)} not found`)
}

function labelsOf(text: string): Labels {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw badData(`error parsing labels: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badData('error parsing labels: want an object of texts')
  const labels: Record<string, string> = {}
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw badData(`error parsing labels: value of ${JSON.stringify(name)} is no text`)
    if (text !== '') labels[name] = text
  }
  return Labels.of(labels)
}

function ruleJson({ sourceLabels, separator, regex, modulus, targetLabel, replacement, action }: RelabelConfig): RelabelRuleJson {
  return {
    ...(sourceLabels.length > 0 ? { sourceLabels } : {}),
    ...(separator === '' ? {} : { separator }),
    regex: regex.source,
    ...(modulus === 0 ? {} : { modulus }),
    ...(targetLabel === '' ? {} : { targetLabel }),
    ...(replacement === '' ? {} : { replacement }),
    action,
  }
}
