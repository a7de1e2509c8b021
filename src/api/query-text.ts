import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { parseExpr } from '../promql/parser/parse.ts'
import { prettifyExpr } from '../promql/parser/prettify.ts'
import type { ApiDeps } from './deps.ts'
import { dataAnswer } from './json/envelope.ts'
import { parameter } from './parameters.ts'
import { queryTree } from './query-tree.ts'

/** /api/v1/format_query: the expression as upstream would write it. */
export function formatQuery(deps: ApiDeps, request: RouteRequest): Answer {
  return dataAnswer(prettifyExpr(parsed(deps, request)))
}

/** /api/v1/parse_query: the expression as a tree. */
export function parseQuery(deps: ApiDeps, request: RouteRequest): Answer {
  return dataAnswer(queryTree(parsed(deps, request)))
}

function parsed({ features }: ApiDeps, { form }: RouteRequest) {
  return parameter('query', () => parseExpr(form.get('query'), { features }))
}
