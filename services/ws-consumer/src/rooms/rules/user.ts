/** A user as others see them: the `author` or `user` of a frame. */
export type User = Readonly<{ id: string; username: string }>;
