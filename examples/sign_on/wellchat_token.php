<?php
function wellchat_token(string $person_id, string $name): string {
    $part = fn(string $content) => rtrim(strtr(base64_encode($content), '+/', '-_'), '=');
    $header = ['alg' => 'HS256', 'kid' => getenv('WELLCHAT_KID')];
    $claims = ['aud' => getenv('WELLCHAT_URL'), 'sub' => $person_id, 'name' => $name,
        'iat' => time(), 'exp' => time() + 120, 'jti' => bin2hex(random_bytes(16))];
    $text = $part(json_encode($header)) . '.' . $part(json_encode($claims));
    return $text . '.' . $part(hash_hmac('sha256', $text, getenv('WELLCHAT_SECRET'), true));
}

if (isset($argv[2])) echo wellchat_token($argv[1], $argv[2]), "\n";
