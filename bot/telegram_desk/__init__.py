"""The desk inside a branch's own Telegram group: a thread for each request, with buttons.

`hear` does what the staff press and write, `follow` keeps the threads as the cases stand, `posts`
is what lies between a transaction and the group. Whatever is done here goes through `cases`.
"""
