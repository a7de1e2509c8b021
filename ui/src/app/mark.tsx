/** The product's mark: a headland above the sea. */
export function Mark() {
  return (
    <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="5" fill="#16497a" />
      <path d="M3 16.5 8.2 7.6a1.6 1.6 0 0 1 2.6-.2l3.6 4.5 2.9 1.2L21 16.5z" fill="#fff" />
      <path d="M3 19.2c1.5-1 3-1 4.5 0s3 1 4.5 0 3-1 4.5 0 3 1 4.5 0" fill="none" stroke="#7cc4f5" strokeWidth="1.4" />
    </svg>
  )
}
