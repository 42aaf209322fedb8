/** The mark: a P that is a speech bubble. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path
        fill="currentColor"
        fill-rule="evenodd"
        d="M5 30V12.500A9.500 9.500 0 0 1 14.500 3h3.500a9.500 9.500 0 0 1 0 19h-3.500C12 22 10.500 25 5 30zM11.500 10h9.500v2.400h-9.500zm0 4.700h5.700v2.400h-5.700z"
      />
    </svg>
  );
}
