/** Reactions that are offered at once. Of those that fit a word equally they come first. */
export const QUICK: readonly string[] = ["👍", "❤️", "😂", "🎉", "👀", "🙏", "✅", "😮"];
