// Answer of /api/v1/features.
// Source: Prometheus docs/querying/api.md, "Features".

/** What can be used, by category, under upstream's names. */
export type FeaturesData = Readonly<Record<string, Readonly<Record<string, boolean>>>>
