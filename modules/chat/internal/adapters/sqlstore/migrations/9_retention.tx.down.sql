DELETE FROM chat_positions WHERE name = 'streams';
