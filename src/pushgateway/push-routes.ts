import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Breather, doInTurns } from '../base/breather.ts'
import type { Clock } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { type Answer, errorAnswer, NO_BODY } from '../base/http-answer.ts'
import type { RouteHandler, RouteRequest, Routes } from '../base/http-routes.ts'
import { ExpositionError } from '../exposition/exposition-error.ts'
import { familyPage } from '../exposition/family-page.ts'
import { FamiliesError } from '../exposition/family-scanner.ts'
import { negotiate } from '../exposition/negotiate.ts'
import type { GroupingLabels } from './grouping-key.ts'
import { parseGroupingPath } from './grouping-key.ts'
import { readPushBody } from './push-body.ts'
import type { PushStore } from './push-store.ts'
import { pushedJson } from './pushed-json.ts'

// The HTTP API of upstream's pushgateway: docs/operating/pushgateway.md. Source: prometheus/pushgateway README.md, "API"; handler/push.go.

/** Of a push, before and after its content encoding is undone: some 200,000 series, which take ten times as much of memory. */
const BODY_BYTES_MAX = 16 * 1024 * 1024

const unzip = promisify(gunzip)

const PAGE_PATH = '/pushgateway/metrics'

export interface PushRoutesOptions {
  readonly store: PushStore
  readonly clock: Clock
  /** Of the server's routes. */
  readonly prefix: string
  /** Whether all that was pushed can be deleted in one go. */
  readonly allowsWipe: boolean
  /** Called after every change. */
  readonly onChange: () => void
}

/** Pushes and deletions, what was pushed as a page and as JSON, and the deletion of all. */
export function addPushRoutes(routes: Routes, { store, clock, prefix, allowsWipe, onChange }: PushRoutesOptions): void {
  // A push takes turns with others: changes are made one after the other, in the order in which they came.
  let last: Promise<unknown> = Promise.resolve()
  const inOrder = <T>(change: () => T | Promise<T>): Promise<T> => {
    const done = last.then(change)
    last = done.catch(() => {})
    return done.finally(onChange)
  }
  const pushing =
    (replaces: boolean): RouteHandler =>
    (request) =>
      inGroup(request, prefix, async (labels) => {
        const breather = new Breather(clock)
        const families = await doInTurns(readPushBody(await decodedBody(request), request.headers['content-type']), breather)
        try {
          await inOrder(() => doInTurns(store.push({ labels, families, replaces, time: clock.now() }), breather))
        } catch (error) {
          if (!(error instanceof CodedError) || error.code !== 'bad_data') throw error
          return errorAnswer(400, `pushed metrics are invalid or inconsistent with existing metrics: ${error.message}`)
        }
        return { status: 200, headers: {}, body: NO_BODY }
      })
  const deleting: RouteHandler = (request) =>
    inGroup(request, prefix, async (labels) => {
      await inOrder(() => store.delete(labels))
      return { status: 202, headers: {}, body: NO_BODY }
    })
  for (const job of ['job', 'job@base64']) {
    const methods = { PUT: pushing(true), POST: pushing(false), DELETE: deleting }
    routes.add(`/metrics/${job}/*`, methods, { bodyBytesMax: BODY_BYTES_MAX, handler: `/metrics/${job}` })
  }
  routes.add(PAGE_PATH, {
    GET: ({ headers }) => {
      const format = negotiate(headers.accept, { openMetrics: false })
      return { status: 200, headers: { 'content-type': format.contentType }, body: familyPage(store.families(), format) }
    },
  })
  routes.add('/api/v1/metrics', {
    GET: () => {
      const body = Buffer.from(JSON.stringify({ status: 'success', data: pushedJson(store) }))
      return { status: 200, headers: { 'content-type': 'application/json' }, body }
    },
  })
  if (!allowsWipe) return
  routes.add('/api/v1/admin/wipe', {
    PUT: async () => {
      await inOrder(() => store.wipe())
      return { status: 202, headers: {}, body: NO_BODY }
    },
  })
}

/** Does something to the group that the path names. What is wrong with path or body is answered 400, in upstream's words where it has some. */
async function inGroup(request: RouteRequest, prefix: string, act: (labels: GroupingLabels) => Promise<Answer>): Promise<Answer> {
  const path = decodeURIComponent(request.path.slice(prefix.length))
  const clean = cleanPath(path)
  if (clean !== path) {
    const query = request.queryText === '' ? '' : `?${request.queryText}`
    return { status: 301, headers: { location: prefix + encodeURI(clean) + query }, body: NO_BODY }
  }
  try {
    return await act(parseGroupingPath(path.slice('/metrics'.length)))
  } catch (error) {
    const isTheirs =
      error instanceof FamiliesError || error instanceof ExpositionError || (error instanceof CodedError && error.code === 'bad_data')
    if (!isTheirs) throw error
    return errorAnswer(400, errorMessage(error))
  }
}

/** Without empty parts, `.` and `..`, as Go's ServeMux wants it. */
function cleanPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}${path.endsWith('/') && parts.length > 0 ? '/' : ''}`
}

async function decodedBody({ headers, body }: RouteRequest): Promise<Uint8Array> {
  const encoding = (headers['content-encoding'] ?? '').toLowerCase()
  if (encoding !== 'gzip') {
    if (encoding === '' || encoding === 'identity') return body
    throw new CodedError('bad_data', `found content encoding ${JSON.stringify(encoding)}, want gzip or none`)
  }
  try {
    return await unzip(body, { maxOutputLength: BODY_BYTES_MAX })
  } catch (cause) {
    throw new CodedError('bad_data', `gzip: ${errorMessage(cause)}`, { cause })
  }
}
