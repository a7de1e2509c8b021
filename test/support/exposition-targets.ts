// Targets that expose pages in all formats, as they are asked for.
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import { EXPOSITION_CONTENT_TYPES, type ExpositionPage } from './exposition-page-generator.ts'
import { type LocalServer, listenLocally } from './local-server.ts'

export type ExposedFormat = keyof typeof EXPOSITION_CONTENT_TYPES

export interface ExposedTarget {
  /** The n-th request of an asker gets the n-th page; the last one is repeated. */
  readonly pages: readonly Pick<ExpositionPage, ExposedFormat>[]
  /** `negotiated`: the one that is asked for most. */
  readonly format: ExposedFormat | 'negotiated'
  /** Said in place of the format's own type; null: nothing is said. */
  readonly contentType?: string | null | undefined
}

const MEDIA_TYPES: Readonly<Record<string, ExposedFormat>> = {
  'text/plain': 'text',
  'application/openmetrics-text': 'openMetrics',
  'application/vnd.google.protobuf': 'protobuf',
}

/** The format that an `Accept` header wants most; text where it wants none of ours. */
export function negotiate(accept: string): ExposedFormat {
  let best: ExposedFormat = 'text'
  let weight = 0
  for (const part of accept.split(',')) {
    const format = MEDIA_TYPES[part.split(';')[0].trim()]
    const q = Number(/;q=([\d.]+)/.exec(part)?.[1] ?? 1)
    if (format === undefined || q <= weight) continue
    best = format
    weight = q
  }
  return best
}

/** Serves the targets by path. Askers are told apart by their User-Agent. */
export async function startExpositionTargets(targets: ReadonlyMap<string, ExposedTarget>): Promise<LocalServer> {
  const asked = new Map<string, number>()
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0]
    const target = targets.get(path)
    if (target === undefined) return response.writeHead(404).end()
    const key = `${request.headers['user-agent']} ${path}`
    const count = asked.get(key) ?? 0
    asked.set(key, count + 1)
    const format = target.format === 'negotiated' ? negotiate(request.headers.accept ?? '') : target.format
    const contentType = target.contentType === undefined ? EXPOSITION_CONTENT_TYPES[format] : target.contentType
    const body = target.pages[Math.min(count, target.pages.length - 1)][format]
    const zips = request.headers['accept-encoding'] === 'gzip'
    response.writeHead(200, {
      ...(contentType === null ? {} : { 'content-type': contentType }),
      ...(zips ? { 'content-encoding': 'gzip' } : {}),
    })
    return response.end(zips ? gzipSync(body) : body)
  })
  return listenLocally(server)
}
