import { type Silence, type SilenceMatcher, type SilenceState, sameMatchers, silenceState } from '../../alertmanager/silences/silence.ts'
import type { NewSilence } from '../../alertmanager/silences/silences.ts'
import { timestampOf } from '../../alertmanager/state/precise-time.ts'
import { CodedError } from '../../base/errors.ts'
import type { Answer } from '../../base/http-answer.ts'
import type { RouteRequest } from '../../base/http-routes.ts'
import type { MatchOperator } from '../../model/matcher.ts'
import type { GettableSilence, MatcherJson } from '../types/alertmanager.ts'
import { timeText } from './alert-json.ts'
import { emptyAnswer, escapedAnswer, jsonAnswer, RequestError, TOO_FEW_ITEMS } from './answers.ts'
import { booleanField, isObject, type Json, jsonBody, notOfType, notUnmarshalled, required, textField, textMap, timeField } from './body.ts'
import type { AlertmanagerApiDeps } from './deps.ts'
import { filterOf, ParameterError } from './filters.ts'

const WHAT = 'silence'
/** Where upstream's program has most of its fields. */
const STRUCT = 'Silence'

/** GET /api/v2/silences, in upstream's order. Source: Alertmanager api/v2/api.go, getSilencesHandler, SortSilences. */
export function getSilences(deps: AlertmanagerApiDeps, { query }: RouteRequest): Answer {
  const matchers = filterOf(deps, query)
  const now = deps.env.clock.now()
  const found = deps.manager.silences
    .all()
    .filter(({ matcherSets }) => matchers.every((wanted) => matcherSets[0]?.some((has) => sameMatcher(has, wanted))))
    .map((silence) => ({ silence, state: silenceState(silence, now) }))
    .sort((a, b) => RANKS[a.state] - RANKS[b.state] || ORDERS[a.state](a.silence, b.silence))
  return escapedAnswer(found.map(({ silence, state }) => silenceJson(silence, state)))
}

const RANKS: Readonly<Record<SilenceState, number>> = { active: 1, pending: 2, expired: 3 }

/** Those that end next, those that begin next, those that ended last. */
const ORDERS: Readonly<Record<SilenceState, (a: Silence, b: Silence) => number>> = {
  active: (a, b) => a.endsAt - b.endsAt,
  pending: (a, b) => a.startsAt - b.startsAt,
  expired: (a, b) => b.endsAt - a.endsAt,
}

function sameMatcher(a: SilenceMatcher, b: SilenceMatcher): boolean {
  return a.name === b.name && a.operator === b.operator && a.value === b.value
}

/** GET /api/v2/silence/{id}. */
export function getSilence({ manager, env }: AlertmanagerApiDeps, request: RouteRequest): Answer {
  const silence = manager.silences.get(idOf(request))
  if (silence === undefined) return emptyAnswer(404)
  return escapedAnswer(silenceJson(silence, silenceState(silence, env.clock.now())))
}

/** DELETE /api/v2/silence/{id}: it ends now. */
export async function deleteSilence({ manager }: AlertmanagerApiDeps, request: RouteRequest): Promise<Answer> {
  try {
    await manager.silences.expire(idOf(request))
  } catch (error) {
    if (error instanceof CodedError && error.code === 'not_found') return emptyAnswer(404)
    throw error
  }
  return emptyAnswer(200)
}

/** POST /api/v2/silences. Source: Alertmanager api/v2/api.go, postSilencesHandler. */
export async function postSilences(deps: AlertmanagerApiDeps, request: RouteRequest): Promise<Answer> {
  const { manager, env } = deps
  const wanted = withAllSets(deps, parseSilence(jsonBody(request, WHAT)))
  if (wanted.startsAt >= wanted.endsAt) return jsonAnswer('Failed to create silence: start time must be before end time', 400)
  if (wanted.endsAt < env.clock.now()) return jsonAnswer("Failed to create silence: end time can't be in the past", 400)
  try {
    return jsonAnswer({ silenceID: await manager.silences.set(wanted) })
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return jsonAnswer(error.message, error.code === 'not_found' ? 404 : 400)
  }
}

/** Where it is said how many sets of matchers a silence has, of which the API shows the first. */
const SETS_ANNOTATION = 'promontory_matcher_sets'

/**
 * A change of a silence of several sets, by somebody who was shown the first one: the sets stay. Other matchers than that cannot take the place of all,
 * since who sends them has not seen the others.
 */
function withAllSets({ manager }: AlertmanagerApiDeps, wanted: NewSilence): NewSilence {
  const annotations = new Map([...wanted.annotations].filter(([name]) => name !== SETS_ANNOTATION))
  const known = wanted.id === '' ? undefined : manager.silences.get(wanted.id)
  if (known === undefined || known.matcherSets.length < 2) return { ...wanted, annotations }
  if (!sameMatchers({ matcherSets: known.matcherSets.slice(0, 1) }, wanted))
    throw new ParameterError(
      `silence has ${known.matcherSets.length} sets of matchers, of which the first is shown: found other matchers, want these, or another silence`,
    )
  return { ...wanted, annotations, matcherSets: known.matcherSets }
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

function idOf(request: RouteRequest): string {
  const id = request.param('id')
  if (!UUID.test(id)) throw notOfType('silenceID', 'path', 'uuid', id)
  return id
}

function parseSilence(body: unknown): NewSilence {
  // For upstream's parser an object that is null has no fields.
  if (body === null) throw required('comment')
  if (!isObject(body)) throw notUnmarshalled(WHAT, body, 'Go value of type struct { ID string "json:\\"id,omitempty\\"" }')
  const read = {
    id: textField(body, 'id', WHAT) ?? '',
    startsAt: givenTime(body, 'startsAt'),
    endsAt: givenTime(body, 'endsAt'),
    createdBy: textField(body, 'createdBy', WHAT, STRUCT),
    comment: textField(body, 'comment', WHAT, STRUCT),
    annotations: new Map(Object.entries(textMap(body.annotations, `${STRUCT}.annotations`, WHAT) ?? {})),
  }
  const matchers = matchersOf(body.matchers)
  const { comment, createdBy, startsAt, endsAt } = read
  if (comment === undefined) throw required('comment')
  if (createdBy === undefined) throw required('createdBy')
  if (endsAt === undefined) throw required('endsAt')
  if (matchers === undefined) throw required('matchers')
  if (matchers.length === 0) throw new RequestError(422, TOO_FEW_ITEMS, 'matchers in body should have at least 1 items')
  if (startsAt === undefined) throw required('startsAt')
  return { ...read, comment, createdBy, startsAt, endsAt, matcherSets: [matchers.map(toMatcher)] }
}

/** A time that is there and is Go's zero time is long ago, and not missing. */
function givenTime(body: Json, name: string): number | undefined {
  const isThere = body[name] !== undefined && body[name] !== null
  return timeField(body, name, WHAT) ?? (isThere ? GO_ZERO_TIME : undefined)
}

/** 0001-01-01. */
const GO_ZERO_TIME = -62_135_596_800_000

function matchersOf(value: unknown): readonly PostedMatcher[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw notUnmarshalled(WHAT, value, `Go struct field ${STRUCT}.matchers of type models.Matchers`)
  return value.map((each: unknown, index): PostedMatcher => {
    const place = `${STRUCT}.matchers.${index}`
    const matcher = each ?? {}
    if (!isObject(matcher)) throw notUnmarshalled(WHAT, matcher, `${place} of type models.Matcher`)
    return {
      isRegex: booleanField(matcher, 'isRegex', WHAT, place),
      isEqual: booleanField(matcher, 'isEqual', WHAT, place) ?? true,
      name: textField(matcher, 'name', WHAT, place),
      value: textField(matcher, 'value', WHAT, place),
    }
  })
}

/** A matcher as it was sent. */
interface PostedMatcher {
  readonly isRegex: boolean | undefined
  readonly isEqual: boolean
  readonly name: string | undefined
  readonly value: string | undefined
}

function toMatcher({ isRegex, isEqual, name, value }: PostedMatcher, index: number): SilenceMatcher {
  if (isRegex === undefined) throw required(`matchers.${index}.isRegex`)
  if (name === undefined) throw required(`matchers.${index}.name`)
  if (value === undefined) throw required(`matchers.${index}.value`)
  return { operator: OPERATORS[`${isEqual} ${isRegex}`], name, value }
}

/** By whether it asks for the value, and whether that is a regular expression. */
const OPERATORS: Readonly<Record<string, MatchOperator>> = { 'true false': '=', 'false false': '!=', 'true true': '=~', 'false true': '!~' }

/** Upstream refuses to show a silence of several sets; here it is shown with the first one, and flagged. */
function silenceJson(silence: Silence, state: SilenceState): GettableSilence {
  const annotations = Object.fromEntries(silence.annotations)
  if (silence.matcherSets.length > 1) annotations[SETS_ANNOTATION] = String(silence.matcherSets.length)
  return {
    id: silence.id,
    status: { state },
    updatedAt: timeText(timestampOf(silence.updatedAt)),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    comment: silence.comment,
    createdBy: silence.createdBy,
    endsAt: timeText(silence.endsAt),
    matchers: (silence.matcherSets[0] ?? []).map(matcherJson),
    startsAt: timeText(silence.startsAt),
  }
}

function matcherJson({ operator, name, value }: SilenceMatcher): MatcherJson {
  return { isEqual: operator === '=' || operator === '=~', isRegex: operator === '=~' || operator === '!~', name, value }
}
