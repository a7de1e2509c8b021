const SCORE_MAX = 7

/** How well this member itself does: one that fails to hear from others gives them more time. Source: hashicorp/memberlist awareness.go. */
export class Health {
  #score = 0

  /** From 0, which is well, to 7. */
  get score(): number {
    return this.#score
  }

  change(by: number): void {
    this.#score = Math.min(SCORE_MAX, Math.max(0, this.#score + by))
  }

  scale(durationMs: number): number {
    return durationMs * (this.#score + 1)
  }
}
