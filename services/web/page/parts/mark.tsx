/** The mark: a P that is a speech bubble. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path
        fill="currentColor"
        fill-rule="evenodd"
        d="M5 30V12.5A9.5 9.5 0 0 1 14.5 3h3.5a9.5 9.5 0 0 1 0 19h-3.5C12 22 10.5 25 5 30zM11.5 10h9.5v2.4h-9.5zm0 4.7h5.7v2.4h-5.700z"
      />
    </svg>
  );
}
