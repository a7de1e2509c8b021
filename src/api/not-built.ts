import type { Method, RouteHandler, Routes } from '../base/http-routes.ts'
import { failureAnswer } from './json/envelope.ts'

const CHANGE: readonly Method[] = ['POST', 'PUT']

/** Endpoints of upstream that we do not have yet. Source: Prometheus web/api/v1/api.go, Register. */
const NOT_BUILT: readonly (readonly [string, readonly Method[]])[] = [
  ['/api/v1/read', ['POST']],
  ['/api/v1/otlp/v1/metrics', ['POST']],
]

const ADMIN = ['/api/v1/admin/tsdb/delete_series', '/api/v1/admin/tsdb/clean_tombstones', '/api/v1/admin/tsdb/snapshot']

/** Answers them so that nobody takes them for an empty result or a typing error. */
export function addNotBuiltRoutes(routes: Routes, { adminApi }: { readonly adminApi: boolean }): void {
  for (const [path, methods] of NOT_BUILT) routes.add(path, table(methods, notBuilt(path)))
  const disabled: RouteHandler = () => failureAnswer(500, 'unavailable', 'admin APIs disabled')
  for (const path of ADMIN) routes.add(path, table(CHANGE, adminApi ? notBuilt(path) : disabled))
}

function notBuilt(path: string): RouteHandler {
  return () => failureAnswer(501, 'unavailable', `${path} is not built yet`)
}

function table(methods: readonly Method[], handler: RouteHandler): Partial<Record<Method, RouteHandler>> {
  return Object.fromEntries(methods.map((method) => [method, handler]))
}
