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
    .filter(({ matcherSets }) => matcherSets.some((set) => matchers.every((wanted) => set.some((has) => sameMatcher(has, wanted)))))
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

/** Where it is said how many sets of matchers a silence has, to those who read no `matcherSets`. */
const SETS_ANNOTATION = 'promontory_matcher_sets'

/** A silence as it was sent. */
interface PostedSilence {
  /** With one set: the one that upstream's API knows. */
  readonly silence: NewSilence
  /** Undefined: who sent it knows of the one alone. */
  readonly sets: NewSilence['matcherSets'] | undefined
}

/**
 * A silence of several sets may be changed by who sends them all. Whoever was shown the first one may change the rest: the sets stay. Other matchers
 * than that cannot take the place of all, since who sends them has not seen the others. No other silence gets several: members of upstream's make
 * could not show it.
 */
function withAllSets({ manager }: AlertmanagerApiDeps, { silence, sets }: PostedSilence): NewSilence {
  const wanted = { ...silence, annotations: new Map([...silence.annotations].filter(([name]) => name !== SETS_ANNOTATION)) }
  const known = wanted.id === '' ? undefined : manager.silences.get(wanted.id)
  const knownCount = known?.matcherSets.length ?? 1
  if (sets !== undefined) {
    if (!sameMatchers({ matcherSets: sets.slice(0, 1) }, wanted)) {
      const others = knownCount > 1 ? `silence has ${knownCount} sets of matchers: found other matchers, want these; ` : ''
      throw new ParameterError(`${others}matchers: found other ones than the first set of matcherSets, want the same`)
    }
    if (sets.length > 1 && knownCount < 2)
      throw new ParameterError(`matcherSets: found ${sets.length} sets, want one, but of a silence that has several`)
    return { ...wanted, matcherSets: sets }
  }
  if (known === undefined || knownCount < 2) return wanted
  if (!sameMatchers({ matcherSets: known.matcherSets.slice(0, 1) }, wanted))
    throw new ParameterError(
      `silence has ${knownCount} sets of matchers: found other matchers than the first set's, want these, or all in matcherSets`,
    )
  return { ...wanted, matcherSets: known.matcherSets }
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

function idOf(request: RouteRequest): string {
  const id = request.param('id')
  if (!UUID.test(id)) throw notOfType('silenceID', 'path', 'uuid', id)
  return id
}

function parseSilence(body: unknown): PostedSilence {
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
  const matchers = matchersOf(body.matchers, 'matchers')
  const sets = setsOf(body.matcherSets)
  const { comment, createdBy, startsAt, endsAt } = read
  if (comment === undefined) throw required('comment')
  if (createdBy === undefined) throw required('createdBy')
  if (endsAt === undefined) throw required('endsAt')
  if (matchers === undefined) throw required('matchers')
  if (matchers.length === 0) throw tooFew('matchers')
  if (startsAt === undefined) throw required('startsAt')
  const silence = { ...read, comment, createdBy, startsAt, endsAt, matcherSets: [toMatchers(matchers, 'matchers')] }
  if (sets?.length === 0) throw tooFew('matcherSets')
  return { silence, sets: sets?.map((set, index) => toMatchers(set, `matcherSets.${index}`)) }
}

function tooFew(place: string): RequestError {
  return new RequestError(422, TOO_FEW_ITEMS, `${place} in body should have at least 1 items`)
}

function setsOf(value: unknown): readonly (readonly PostedMatcher[])[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw notUnmarshalled(WHAT, value, `${STRUCT}.matcherSets`)
  return value.map((set: unknown, index) => {
    const matchers = matchersOf(set, `matcherSets.${index}`)
    if (!matchers?.length) throw tooFew(`matcherSets.${index}`)
    return matchers
  })
}

/** A time that is there and is Go's zero time is long ago, and not missing. */
function givenTime(body: Json, name: string): number | undefined {
  const isThere = body[name] !== undefined && body[name] !== null
  return timeField(body, name, WHAT) ?? (isThere ? GO_ZERO_TIME : undefined)
}

/** 0001-01-01. */
const GO_ZERO_TIME = -62_135_596_800_000

function matchersOf(value: unknown, where: string): readonly PostedMatcher[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw notUnmarshalled(WHAT, value, `Go struct field ${STRUCT}.${where} of type models.Matchers`)
  return value.map((each: unknown, index): PostedMatcher => {
    const place = `${STRUCT}.${where}.${index}`
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

function toMatchers(matchers: readonly PostedMatcher[], where: string): readonly SilenceMatcher[] {
  return matchers.map(({ isRegex, isEqual, name, value }, index) => {
    if (isRegex === undefined) throw required(`${where}.${index}.isRegex`)
    if (name === undefined) throw required(`${where}.${index}.name`)
    if (value === undefined) throw required(`${where}.${index}.value`)
    return { operator: OPERATORS[`${isEqual} ${isRegex}`], name, value }
  })
}

/** By whether it asks for the value, and whether that is a regular expression. */
const OPERATORS: Readonly<Record<string, MatchOperator>> = { 'true false': '=', 'false false': '!=', 'true true': '=~', 'false true': '!~' }

/** Upstream refuses to show a silence of several sets; here it is shown with the first one, flagged, and with all. */
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
    ...(silence.matcherSets.length > 1 ? { matcherSets: silence.matcherSets.map((set) => set.map(matcherJson)) } : {}),
    startsAt: timeText(silence.startsAt),
  }
}

function matcherJson({ operator, name, value }: SilenceMatcher): MatcherJson {
  return { isEqual: operator === '=' || operator === '=~', isRegex: operator === '=~' || operator === '!~', name, value }
}
