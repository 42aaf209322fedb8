/** The mark of Parley, an SVG image, on the pages that services have for people. */
export const MARK =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0e5f54"/><path fill="#fbfaf7" fill-rule="evenodd" d="M8 26.5V13a7.5 7.5 0 0 1 7.5-7.5h2a7.5 7.5 0 0 1 0 15h-2.6c-1.9 0-3.2 2.5-6.9 6zM13 11.2h7v1.9h-7zm0 3.7h4.4v1.9H13z"/></svg>';
