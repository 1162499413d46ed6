{{if .Postgres}}DO $$ BEGIN
	IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression') THEN
		EXECUTE 'ALTER TABLE chat_contents ALTER thoughts SET COMPRESSION default, ALTER support SET COMPRESSION default, ALTER documents SET COMPRESSION default, '
			'ALTER answer SET COMPRESSION default, ALTER history SET COMPRESSION default';
	END IF;
END $${{else}}SELECT 1{{end}};
