/** All of upstream's flags that let a query say more, as `--enable-feature` names them. */
export const QUERY_FEATURES: ReadonlySet<string> = new Set([
  'promql-experimental-functions',
  'promql-duration-expr',
  'promql-binop-fill-modifiers',
  'promql-extended-range-selectors',
])
