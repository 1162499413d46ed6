{{if .Postgres}}DO $$ BEGIN
	EXECUTE 'ALTER TABLE chat_contents ALTER thoughts SET COMPRESSION default, ALTER support SET COMPRESSION default, ALTER documents SET COMPRESSION default, '
		'ALTER answer SET COMPRESSION default, ALTER history SET COMPRESSION default';
EXCEPTION WHEN syntax_error THEN NULL;
END $${{else}}SELECT 1{{end}};
