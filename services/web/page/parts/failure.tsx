/** Why something failed; nothing if it did not. */
export function Failure({ text }: { text: string }) {
  if (text === "") return null;
  return (
    <p class="failure" role="alert">
      {text}
    </p>
  );
}
