{{if .Postgres}}ALTER INDEX chat_words_of SET (gin_pending_list_limit = 256){{else}}SELECT 1{{end}};
