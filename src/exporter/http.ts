import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { HttpHandler } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { escapeHtml } from '../base/escape-html.ts'
import type { Log } from '../base/log.ts'
import { familyPage } from '../exposition/family-page.ts'
import { type NegotiatedFormat, negotiate } from '../exposition/negotiate.ts'
import { textFamilies } from '../exposition/text-families.ts'
import { TEXT_CONTENT_TYPE } from '../exposition/text-writer.ts'
import type { HostExporter } from './host-exporter.ts'

export interface ExporterHttpOptions {
  /** Where the metrics are: `/metrics`. */
  readonly telemetryPath: string
  /** The exporter's metrics of itself in text format; empty to leave them out. */
  ownMetrics(): Promise<string>
  readonly version: string
  readonly log: Log
}

/** Quick rather than small: the page is compressed for each scrape, and level 1 already takes nine tenths off. */
const GZIP_LEVEL = 1

interface Page {
  readonly contentType: string
  readonly body: string | Buffer
  gzipped: Buffer | undefined
}

interface Scraped {
  readonly text: Page
  /** Made of the text when they are asked for, by content type. */
  readonly protobuf: Map<string, Page>
}

/** The exporter's pages: the metrics, `/` that leads there, `/-/healthy` and `/-/ready`. */
export function exporterHandler(exporter: HostExporter, options: ExporterHttpOptions): HttpHandler {
  // Replicas scrape a target in the same slot: who asks while a scrape runs gets its answer, so that two cost as much as one.
  const running = new Map<string, Promise<Scraped>>()

  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      return answer(request, response, 405, 'text/plain; charset=utf-8', `found method ${request.method}, want GET or HEAD\n`)
    }
    const url = new URL(request.url ?? '/', 'http://exporter')
    switch (url.pathname) {
      case options.telemetryPath:
        return void metrics(request, response, url.searchParams)
      case '/':
        return answer(request, response, 200, 'text/html; charset=utf-8', landingPage(options))
      case '/-/healthy':
        return answer(request, response, 200, 'text/plain; charset=utf-8', 'Promontory exporter is Healthy.\n')
      case '/-/ready':
        return answer(request, response, 200, 'text/plain; charset=utf-8', 'Promontory exporter is Ready.\n')
      default:
        return answer(request, response, 404, 'text/plain; charset=utf-8', `404 page not found; metrics are at ${options.telemetryPath}\n`)
    }
  }

  async function metrics(request: IncomingMessage, response: ServerResponse, parameters: URLSearchParams): Promise<void> {
    try {
      const names = exporter.select({ collect: parameters.getAll('collect[]'), exclude: parameters.getAll('exclude[]') })
      const scraped = await scrapeOnce(names)
      // As node_exporter: no OpenMetrics, which most servers would rather have, and which says no more.
      const format = negotiate(request.headers.accept, { openMetrics: false })
      const page = format.kind === 'protobuf' ? protobufPage(scraped, format) : scraped.text
      response.setHeader('Vary', 'Accept-Encoding')
      if (!acceptsGzip(request.headers['accept-encoding'])) return answer(request, response, 200, page.contentType, page.body)
      response.setHeader('Content-Encoding', 'gzip')
      page.gzipped ??= gzipSync(page.body, { level: GZIP_LEVEL })
      answer(request, response, 200, page.contentType, page.gzipped)
    } catch (error) {
      const isBad = error instanceof CodedError && error.code === 'bad_data'
      if (!isBad) options.log.error('scrape failed', { error: errorMessage(error) })
      answer(request, response, isBad ? 400 : 500, 'text/plain; charset=utf-8', `${errorMessage(error)}\n`)
    }
  }

  function scrapeOnce(names: ReadonlySet<string>): Promise<Scraped> {
    const key = [...names].sort().join()
    let scraped = running.get(key)
    if (scraped === undefined) {
      scraped = scrape(names).finally(() => running.delete(key))
      running.set(key, scraped)
    }
    return scraped
  }

  async function scrape(names: ReadonlySet<string>): Promise<Scraped> {
    const [page, own] = await Promise.all([exporter.scrape(names), options.ownMetrics()])
    const body = own === '' || own.endsWith('\n') ? page.text + own : `${page.text}${own}\n`
    return { text: { contentType: TEXT_CONTENT_TYPE, body, gzipped: undefined }, protobuf: new Map() }
  }
}

function protobufPage({ text, protobuf }: Scraped, format: NegotiatedFormat): Page {
  const { contentType } = format
  let page = protobuf.get(contentType)
  if (page === undefined) {
    page = { contentType, body: Buffer.concat([...familyPage(textFamilies(String(text.body)), format)]), gzipped: undefined }
    protobuf.set(contentType, page)
  }
  return page
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, contentType: string, body: string | Buffer): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Whether `Accept-Encoding` names gzip without refusing it by a weight of 0. */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  return text.split(',').some((part) => {
    const [coding, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    return (coding === 'gzip' || coding === '*') && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  })
}

function landingPage({ telemetryPath, version }: ExporterHttpOptions): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Promontory exporter</title></head>
<body>
<h1>Promontory exporter</h1>
<p>Version ${escapeHtml(version)}. Metrics of this host, under node_exporter's names.</p>
<p><a href="${escapeHtml(telemetryPath)}">Metrics</a></p>
</body>
</html>
`
}
