package sqlstore

// PageOfAll is a statement that is prepared, so no hook hears it.
const PageOfAll = pageOfAll
