// The page of browser.cpp. What stands between percent signs is replaced.
#pragma once

inline constexpr const char* browser_page = R"(<!doctype html>
<meta charset="utf-8"><meta name="csrf" content="%token%"><meta name="other" content="%other%">
<title>crema and a browser</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/style.css">
<script nonce="%nonce%">window.ran_with_nonce = true</script>
<script>window.ran_without_nonce = true</script>
<h1>crema and a browser</h1>
<p>Scripts in the page run <span id="inline"></span>.
<p>The other origin: <span id="cors"></span>
<form method="post" action="/login"><input name="name" value="ada"><input type="hidden" name="_csrf" value="%token%"><button id="login">log in</button></form>
<form method="post" action="/transfer"><input name="amount" value="5"><input type="hidden" name="_csrf" value="%token%"><button id="transfer">send</button></form>
<form id="upload" method="post" action="/upload" enctype="multipart/form-data">
<input name="note" value="hi"><input type="file" name="file" id="file"><button id="send">upload</button></form>
<p><span id="progress"></span> <span id="uploaded"></span>
<pre id="ticks"></pre>
<p id="errors"></p>
<script src="/assets/app.3f2a9c1e.js"></script>
)";
